"""What there is to say of a run, one topic a module: text, tables, pictures, and a document of the same."""
