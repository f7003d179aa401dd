import json
def test_try(trial_ready, tmp_path, made_rides, on_day):
    with trial_ready.copied(tmp_path/"x") as s:
        print(s.place.give("release").out)
        for day in range(-19,-10):
            r = made_rides(day, day+1)
            s.predict(*[x.row for x in r]); s.tell(*[x.outcome for x in r])
            a=s.place.give("watch","--at",on_day(day+1)); print(day, a.out, a.err)
        print(s.place.give("release").out)
        print(s.place.give("gate").out)
def test_try2(riding, made_rides, on_day):
        s=riding
        for day in range(-19,-2):
            r = made_rides(day, day+1, changed=day>=-15)
            s.predict(*[x.row for x in r]); s.tell(*[x.outcome for x in r])
            a=s.place.give("watch","--at",on_day(day+1)); print(day, a.out, a.err)
        print(s.place.give("release").out)
