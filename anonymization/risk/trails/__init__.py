"""診療の軌跡: claims identify by their trail. How many people do a few known events single out, and what costs it?"""
