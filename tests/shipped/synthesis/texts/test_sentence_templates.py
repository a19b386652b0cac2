"""Templates: every slot can be filled, and no word comes twice."""

import random

from speakor_common.shipped.synthesis.texts.sentence_templates import (
    Composer,
    Template,
    templates,
)


def test_every_template_can_be_filled():
    composer = Composer(random.Random(1))
    patterns = [template.pattern for template in templates()]
    assert len(patterns) == len(set(patterns)) >= 150
    for template in templates():
        for _ in range(3):
            text, category = composer.compose(template)
            assert "{" not in text and "  " not in text and 1 <= category <= 5


def test_no_word_comes_twice_in_a_sentence():
    composer = Composer(random.Random(2))
    template = Template(1, "{season} {season} {season}", False)
    assert all(len(set(composer.compose(template)[0].split())) == 3 for _ in range(200))
