"""Three-way merge of one system's observation into the golden record. Pure: values in, values out."""
