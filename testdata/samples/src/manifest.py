#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Prints the weight of each crate."""
for name, kg in {"Äpfel": 12.5, "鮭": 40}.items():
	print(f"{name:<10}{kg:>8.1f}")
