select tenant_id, purchase_id from payment_route where gateway = $1 and payment_id = $2;
