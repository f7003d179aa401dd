def test_x(ran, said, give):
    print(said("second"))
    for words in (
        ("status",),
        ("charter", "show"),
        ("data", "versions"),
        ("data", "statistics"),
        ("data", "anomalies"),
        ("data", "quarantine"),
        ("features",),
        ("runs",),
        ("gate",),
        ("score",),
        ("registry",),
        ("registry", "history"),
        ("registry", "at", "2099-01-01"),
        ("lineage", "v1"),
        ("activity",),
        ("activity", "--steps"),
    ):
        try:
            a = give(*words, "--project", ran, code=20 if words[0] == "gate" else 0)
            print(words)
            print(a.out[:1500])
        except BaseException as e:
            print("FAILED", words, type(e), str(e)[:600])
    assert 0
