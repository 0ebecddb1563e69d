insert into catalogue (seller_ref) values ($1) on conflict do nothing;
