from pellucid.errors import DataError, Fault, PellucidError, SettingError, SpecError, suggest, unknown


def test_a_fault_reads_rule_received_place_and_remedy() -> None:
    fault = Fault("kernel_size must be at most the input, 5x5", "7x7", "Use a smaller kernel.", 4, "conv2d")
    assert str(fault) == (
        "kernel_size must be at most the input, 5x5; received 7x7 in layer 4 (conv2d). Use a smaller kernel."
    )


def test_a_fault_says_only_what_it_has() -> None:
    assert str(Fault("units must be given")) == "units must be given."
    assert str(Fault("units must be given", layer=2)) == "units must be given in layer 2."


def test_a_spec_error_names_all_its_faults() -> None:
    error = SpecError([Fault("one"), Fault("two", "2")])
    assert str(error) == "one.\ntwo; received 2."
    assert len(error.faults) == 2


def test_of_very_many_faults_the_text_tells_the_first() -> None:
    error = SpecError([Fault(f"fault {number}") for number in range(30_000)])
    assert len(error.faults) == 30_000
    assert str(error).splitlines()[19:] == ["fault 19.", "And 29,980 more such faults."]


def test_a_near_match_is_suggested_and_else_all_are_listed() -> None:
    assert suggest("tutrial", ["fast", "tutorial"]) == "Did you mean tutorial?"
    assert suggest("TUTORIAL", ["fast", "tutorial"]) == "Did you mean tutorial?"
    assert suggest("zzz", ["fast", "tutorial"]) == "Known: fast, tutorial."
    assert suggest("zzz", []) == ""
    assert str(unknown("recipe", "fsat", ["fast"])) == "Unknown recipe 'fsat'. Did you mean fast?"


def test_very_many_names_are_told_in_few_words() -> None:
    """As the columns of a table of pixels."""
    pixels = [f"pixel{number}" for number in range(784)]
    assert suggest("scanner", ["label", *pixels, "writer"]) == "Known: label, pixel0 to pixel783, writer."
    assert suggest("zzz", [f"name {number * 3}" for number in range(40)]).endswith(", name 87 and 10 more.")
    assert suggest("zzz", ["a" * 300, "b"]) == f"Known: {'a' * 29}…{'a' * 30}, b."
    assert suggest("zzz", [str(number) for number in range(4)]) == "Known: 0, 1, 2, 3."


def test_wrong_settings_exit_with_2_and_bad_input_with_1() -> None:
    assert SettingError([]).exit_status == 2
    assert DataError().exit_status == PellucidError().exit_status == 1
