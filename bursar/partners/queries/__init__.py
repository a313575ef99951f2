"""Every read of partners."""
