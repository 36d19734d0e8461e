"""What a plan says in sentences, the same on terminal, page and notebook."""
