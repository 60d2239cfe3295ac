"""The store: SQLAlchemy models, one file per area; sessions; blobs."""
