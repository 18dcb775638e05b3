"""Delivery notes and storage challenges: what members say of their own use."""
