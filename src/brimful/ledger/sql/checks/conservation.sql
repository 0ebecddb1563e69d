-- R1: per resource and tenant, what was issued is somewhere, and what was used beyond it is owed.
select tenant_id, format('%s: issued %s and overdrawn %s, found %s', resource, sum(issued), sum(overdrawn),
    sum(free + reserved + held + used + lapsed + clawed_back)) as detail
from balance group by tenant_id, resource
having sum(issued + overdrawn) <> sum(free + reserved + held + used + lapsed + clawed_back);
