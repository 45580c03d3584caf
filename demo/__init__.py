"""The demonstration: a fictitious world, real local servers, Airflow, and two officers who approve. Not part of the product."""
