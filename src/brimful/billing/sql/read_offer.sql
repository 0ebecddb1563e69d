select k.package_id, k.kind, k.version, v.name, v.currency, v.price_minor, v.credits, v.chatbots,
       v.billing_interval, v.expires_after_days, v.full_price_first, v.credits_price_minor, v.chatbots_price_minor, v.rolls_over,
       (select version from catalogue where seller_ref = $1) as catalogue_version
from package k
join package_version v on v.package_id = k.package_id and v.version = k.version
where k.seller_ref = $1 and k.withdrawn_at is null
order by k.position, k.package_id;
