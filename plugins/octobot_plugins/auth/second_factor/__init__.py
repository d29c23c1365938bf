"""A second factor beside the password: codes of an authenticator (RFC 6238), and recovery codes for when it is lost."""
