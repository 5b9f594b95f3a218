CREATE INDEX products_supplier_id ON products (supplier_id);
