"""The champion leads back to the source file and the code; the source file leads forward to the model."""

from __future__ import annotations


def names(answer):
    return {(item["kind"], item["name"]) for item in answer.json}


def kinds(answer):
    return {item["kind"] for item in answer.json}


def test_the_champion_leads_back_to_file_and_code(finished):
    back = finished.give("lineage", "champion", "--json", code=0)
    assert ("file", "trips.csv") in names(back)
    assert ("code", "features.py: function `fare_per_mile`") in names(back)
    assert ("code", "distances.py: function `is_long`") in names(back)
    assert {"run", "feature_set", "label_set", "dataset_version", "charter"} <= kinds(back)


def test_a_person_sees_the_same_as_a_tree(finished):
    told = finished.give("lineage", "champion").out
    assert "v1, LogisticRegression" in told
    assert "trips.csv" in told
    assert "fare_per_mile" in told


def test_the_rule_of_a_label_is_part_of_it(place):
    place.edit("loopwright.toml", '"tipped"', '"labels:generous"')
    place.write("labels.py", "def generous(tipped):\n    return tipped == 1\n")
    place.run(code=None)
    assert ("code", "labels.py: function `generous`") in names(place.give("lineage", "v1", "--json"))


def test_the_file_leads_forward_to_the_model(finished):
    forward = finished.give("lineage", "trips.csv", "--json", code=0)
    model = finished.give("registry", "--json").json[0]
    assert model["digest"] in {item["digest"] for item in forward.json}
    assert "gate" in kinds(forward)


def test_any_record_leads_forward_and_back(finished):
    back = finished.give("lineage", "champion", "--json").json
    for item in back:
        if item["kind"] not in {"file", "code", "model"}:
            finished.give("lineage", item["digest"][:16], code=0)
            forward = finished.give("lineage", item["digest"], "--forward", "--json", code=0)
            assert "model" in kinds(forward), item


def test_old_data_lead_to_old_models_only(finished, more_trips):
    first = finished.give("lineage", "trips.csv", "--json").json[0]["digest"]
    finished.append("trips.csv", more_trips(500, 600))
    finished.run(code=None)
    old, new = finished.give("registry", "--json").json
    back = {item["digest"] for item in finished.give("lineage", "v2", "--json").json}
    assert first not in back
    forward = {item["digest"] for item in finished.give("lineage", "trips.csv", "--json").json}
    assert new["digest"] in forward
    assert old["digest"] not in forward
    assert old["digest"] in {item["digest"] for item in finished.give("lineage", first, "--json").json}


def test_what_is_not_known_is_answered_well(finished):
    assert "there is no model v9; the newest is v1" in finished.refuses("lineage", "v9")
    assert "no record of this project begins with 'zzz'" in finished.refuses("lineage", "zzz")


def test_what_is_ambiguous_is_answered_with_the_choices(finished):
    file = finished.give("lineage", "trips.csv", "--json").json[0]["digest"]
    first = {}
    for item in finished.give("lineage", "trips.csv", "--json").json[1:]:
        first.setdefault(item["digest"][0], []).append(item["digest"])
    letter = next(letter for letter, digests in first.items() if len(digests) > 1 and not file.startswith(letter))
    message = finished.refuses("lineage", letter)
    assert "begin with" in message
    assert "give more digits" in message
