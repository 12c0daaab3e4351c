"""Archives of any size: every picture of a folder, a bucket or tars into an .itg file, and back, with a list of what is done.

`listing` finds pictures as they come, `manifest` knows which are done, `picture_work` does one, an engine (`local_engine`,
`ray_engine`) does many at once, and `archiving` puts these together. Nothing holds the whole listing.
"""
