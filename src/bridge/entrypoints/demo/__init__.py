"""`bridge demo`: three sandboxes, a thousand customers, and everything bridge does with them, in a minute."""
