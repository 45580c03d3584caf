"""The demonstration: a fictitious world, real local servers, Airflow, two officers who approve. Not of the product."""
