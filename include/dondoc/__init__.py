"""dondoc: chases up the duties of an official letter until they are done."""

__version__ = "0.2.0"
