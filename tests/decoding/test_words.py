"""A path through posteriors becomes text, words and times."""

import numpy as np

from speakor_common.decoding.words import to_hypothesis


def test_greedy_decoding_merges_repeats_and_times_words():
    symbols = ["", "|", "ᄀ", "ᅡ"]
    path = [0, 2, 2, 3, 0, 1, 2, 0, 2, 3]  # 가| ᄀ (blank) ᄀㅏ
    logs = np.log(np.full((len(path), 4), 0.01, np.float32))
    logs[np.arange(len(path)), path] = np.log(0.97)
    found = to_hypothesis(logs.argmax(axis=1), logs, symbols, 0, "|", 0.02, 0.2)
    assert found.text == "가 ㄱ가"
    assert (found.words[0].start_s, found.words[0].end_s, found.words[1].end_s) == (0.02, 0.1, 0.2)
    assert 0.5 < found.words[0].confidence < 1
