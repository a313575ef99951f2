"""Invented names. Addresses end in .example, which nobody can own."""

from __future__ import annotations

import random
import unicodedata

STAFF = [
    ("lead@agora.example", "Iris Vermeer", "lead"),
    ("noor@agora.example", "Noor Bakker", "success"),
    ("sam@agora.example", "Sam de Graaf", "finance"),
    ("staff@agora.example", "Ties Hofman", "staff"),
    ("partners@agora.example", "Mila Prins", "partnerships"),
    ("auditor@agora.example", "Ada Kuiper", "auditor"),
]
_BODIES = ["Gemeente", "Stichting", "Bureau", "Universiteit", "Provincie", "Vereniging", "Jongerenraad", "Waterschap",
           "Coöperatie", "Academie"]  # fmt: skip
_PLACES = ["Haarlem", "Zwolle", "Delft", "Noordveld", "Oostpoort", "Lindeborg", "Wijkzicht", "Überlingen", "Éclairval",
           "Duinkerk", "Molenbeek", "Sassenhout", "Veldwijk", "Kromme Rijn", "Zuiderpark"]  # fmt: skip
_FIRST = ["Maud", "Ali", "Lotte", "Jan", "Samira", "Pieter", "Zoë", "Hugo", "Fatima", "Ruben", "Eva", "Daan", "Noa",
          "Bram", "Aylin", "Koen"]  # fmt: skip
_LAST = ["de Wit", "Yıldız", "Smits", "Maas", "Jansen", "van den Berg", "Öztürk", "Bos", "Vos", "Peeters", "Mulder",
         "Hoekstra", "El Amrani", "Kok"]  # fmt: skip
_TOPICS = ["Burgerberaad Klimaat", "Wijkgesprekken Noord", "Energietafel", "Jeugdpanel", "Mobiliteit 2030",
           "Zorg dichtbij", "Omgevingsvisie", "Cultuurdialoog", "Onderwijsronde", "Woonlab"]  # fmt: skip


def organisation(rng: random.Random, number: int) -> str:
    if number == 8:
        return "Rekenkamer Rivierenland"
    return f"{rng.choice(_BODIES)} {_PLACES[number % len(_PLACES)]}{'' if number <= 60 else ' II'}"


def workspace(rng: random.Random, number: int, place: int) -> str:
    return f"{_TOPICS[(number * 3 + place) % len(_TOPICS)]}{'' if place < 3 else f' {place}'}"


def person(rng: random.Random, number: int, place: int) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def mail(name: str, number: int) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return f"{'.'.join(plain.split())}@org{number}.example"
