"""Private nodes of outside programs for tests: started on free ports, gone at the end."""
