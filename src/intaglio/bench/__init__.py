"""`intaglio bench`: Intaglio and its peers measured side by side with real bytes, one file a sub-command.

run        a folder through ours and the peers, judged and timed; OUT/index.html
barcode    everybody at their best in so many bytes
verify     whether a face matcher still tells people apart
scaling    work, seconds and memory as pictures grow
ablate     what each part of a decoder adds, on the same files
summary    one Markdown page out of reports
"""
