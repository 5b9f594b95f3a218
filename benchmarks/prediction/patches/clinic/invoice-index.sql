CREATE INDEX invoices_reference ON invoices (reference);
