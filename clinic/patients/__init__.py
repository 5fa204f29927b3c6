"""The register: everybody the clinic cares for.

What lives here: finding a patient by any spelling of a name, phone or document; adding, changing, merging and erasing
a record; who may see it and who did.

Words: a *patient* is the person; a *document* is an identity paper, compared without case, spaces, dots and dashes;
a *token* is one normalised word, phone tail or number by which a patient is found.

Rules: the same document is one patient. The same phone with the same name is one patient, unless birth dates or
documents are given on both and differ. Every read of a record is on record.
"""
