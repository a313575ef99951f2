"""The pen of trainings: the catalogue, sessions, rosters, licences."""
