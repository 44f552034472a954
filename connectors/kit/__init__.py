"""What several transports share: doors (HTTP in), auth, problems, the HTTP client. A connector never imports another connector."""
