"""The order of training clips."""

from transformers import TrainerState

from speakor_common.batching.sampling import EpochLengthSampler


def test_the_order_of_clips_follows_from_seed_and_epoch():
    def order(seed, epoch):
        return list(
            EpochLengthSampler(4, list(range(64)), 100 * seed, lambda: TrainerState(epoch=epoch))
        )

    assert (
        order(1, 0) == order(1, 0.4) != order(1, 1)
        and order(1, 0) != order(2, 0)
        and sorted(order(1, 5)) == list(range(64))
    )
