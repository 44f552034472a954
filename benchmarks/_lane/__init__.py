"""What ``./dev bench lane`` measures with: hubs of real processes, orders over HTTP, CPU of every process, statements of the server."""
