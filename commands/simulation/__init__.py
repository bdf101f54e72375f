"""
A believable fleet of servers whose syslog is made up: normal traffic, and labelled lines of no known kind.

`fleet.simulate` gives a number of lines, `weeks.simulate_days` whole days in which things happen. A *kind* is one
template of a message (`story.py`); a *story* is what belongs together and recurs, such as a login, its session and its
end; `programs/` holds the stories, one module a family of programs;
`novelty.py` holds the kinds that normal traffic never has; `events/` what happens over weeks, which `stage.py` stages.
"""
