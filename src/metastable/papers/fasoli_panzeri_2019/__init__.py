"""Fasoli & Panzeri (2019): finite-size networks of binary neurons, exactly."""
