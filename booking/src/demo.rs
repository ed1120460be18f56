//! What `DEMO=1` puts into an empty service.
