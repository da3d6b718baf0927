"""**The yardsticks**: one file for each number we report; pure functions of arrays."""

METRICS = {
    "top1": "bench.metrics.accuracy:top1",
    "top5": "bench.metrics.accuracy:top5",
    "mean-per-class": "bench.metrics.accuracy:mean_per_class_accuracy",
    "interval": "bench.metrics.accuracy:proportion_interval",
    "effective-robustness": "bench.metrics.robustness:effective_robustness",
    "frechet": "bench.metrics.frechet:frechet",
    "frechet-class-mean": "bench.metrics.frechet_classes:class_mean_frechet",
    "seed-mean": "bench.metrics.arms:mean_over_seeds",
    "paired-difference": "bench.metrics.arms:paired_difference",
    "mcnemar": "bench.metrics.paired:mcnemar",
    "mean-difference": "bench.metrics.paired:compare_means",
    "rank-interval": "bench.metrics.ranks:rank_intervals",
    "kendall-tau": "bench.metrics.rank_agreement:kendall_tau",
}

ABOUT = {
    "top1": "share of images whose best answer is right",
    "top5": "share of images whose five best answers hold the right one",
    "mean-per-class": "mean over classes of the share answered right",
    "interval": "95 % interval of a share (Wilson, or Clopper-Pearson)",
    "effective-robustness": "accuracy under shift, less what the line of standard models predicts",
    "frechet": "Fréchet distance (FID) between two sets of features",
    "frechet-class-mean": "mean over classes of the Fréchet distance, at equal n per class",
    "seed-mean": "mean over training seeds, with its t interval",
    "paired-difference": "mean difference of two arms over the same seeds, with its t interval",
    "mcnemar": "chance that two models differ so much on the same images by luck (exact)",
    "mean-difference": "difference of two models' mean accuracy over sets, paired by image, with its interval",
    "rank-interval": "the ranks a model may have, over a whole board at once (Holm over all pairs)",
    "kendall-tau": "agreement of two rankings of the same models, with its interval",
}
