"""**The yardsticks**: one file for each number we report; pure functions of arrays."""

METRICS = {
    "top1": "bench.metrics.accuracy:top1",
    "top5": "bench.metrics.accuracy:top5",
    "mean-per-class": "bench.metrics.accuracy:mean_per_class_accuracy",
    "interval": "bench.metrics.accuracy:proportion_interval",
    "nll": "bench.metrics.likelihood:negative_log_likelihood",
    "calibration-error": "bench.metrics.calibration:calibration_error",
    "effective-robustness": "bench.metrics.robustness:effective_robustness",
    "frechet": "bench.metrics.frechet:frechet",
    "frechet-class-mean": "bench.metrics.frechet_classes:class_mean_frechet",
    "seed-mean": "bench.metrics.arms:mean_over_seeds",
    "paired-difference": "bench.metrics.arms:paired_difference",
}

ABOUT = {
    "top1": "share of images whose best answer is right",
    "top5": "share of images whose five best answers hold the right one",
    "mean-per-class": "mean over classes of the share answered right",
    "interval": "95 % interval of a share (Wilson, or Clopper-Pearson)",
    "nll": "negative log-likelihood of what is right, in nats",
    "calibration-error": "gap between confidence and accuracy, debiased",
    "effective-robustness": "accuracy under shift, less what the line of standard models predicts",
    "frechet": "Fréchet distance (FID) between two sets of features",
    "frechet-class-mean": "mean over classes of the Fréchet distance, at equal n per class",
    "seed-mean": "mean over training seeds, with its t interval",
    "paired-difference": "mean difference of two arms over the same seeds, with its t interval",
}
