-- A package at a version, on offer or not.
select k.package_id, k.kind, v.version, v.name, v.currency, v.price_minor, v.credits, v.chatbots,
       v.billing_interval, v.expires_after_days, v.full_price_first, v.credits_price_minor, v.chatbots_price_minor, v.rolls_over
from package k
join package_version v on v.package_id = k.package_id and v.version = $2
where k.package_id = $1;
