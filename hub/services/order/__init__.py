"""The order service: checks, allocation, amendment, answers. Terms follow UBL Order and OrderResponse."""
