-- R1: per resource and tenant, what was issued is somewhere.
select tenant_id, format('%s: issued %s, found %s', resource, sum(issued),
    sum(free + reserved + held + used + lapsed + clawed_back)) as detail
from balance group by tenant_id, resource
having sum(issued) <> sum(free + reserved + held + used + lapsed + clawed_back);
