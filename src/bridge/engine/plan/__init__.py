"""What must be written, and which records are the same. Pure: values in, values out."""
