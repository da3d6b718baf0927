"""**The gate**: one file for each rule that keeps an image out."""

RULES = {
    "blank": "bench.filters.blank:Blank",
    "near-duplicate": "bench.filters.near_duplicate:NearDuplicate",
    "real-copy": "bench.filters.real_copy:RealCopy",
    "consistency": "bench.filters.consistency:Consistency",
    "nudity": "bench.filters.nudity:Nudity",
    "safety-checker": "bench.filters.safety_checker:SafetyChecker",
}
"""Name -> `function(parameters, tools) -> Rule`; cheap: weights load when the first image is judged."""

ABOUT = {
    "blank": "one colour all over (a safety checker's black, a failed sum); every recipe has this rule",
    "near-duplicate": "looks like an earlier image of its batch, by perceptual hash and pixels",
    "real-copy": "looks like an image of a real set, by perceptual hash and pixels",
    "consistency": "a classifier's probability of its class is not above 1/N (He et al., 2023)",
    "nudity": "nudenet finds exposed private parts (extra: safety)",
    "safety-checker": "Stable Diffusion's safety checker flags it",
}

# Rules whose score is kept in the manifest's column `image_nsfw`.
SAFETY = ("nudity", "safety-checker")

# Rules that answer by the whole class list, so that another list can mean other images.
BY_CLASS_LIST = ("consistency",)
