"""dondoc: chases up the duties of an official letter until they are done."""
