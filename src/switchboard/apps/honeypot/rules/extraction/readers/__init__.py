"""One reader per kind of identifier: each takes folded, refanged text and yields candidates."""
