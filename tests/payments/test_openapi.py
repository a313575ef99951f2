"""The check against an OpenAPI file finds what it should: proved on a small one of our own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bursar.mollie_sim.simulator import Exchange
from tests.payments import openapi

SMALL = """
openapi: 3.1.0
info: {title: Small, version: "1"}
paths:
  /payments/{paymentId}:
    parameters: [{name: paymentId, in: path, schema: {type: string, example: 2024-04-31}}]
    patch:
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {amount: {$ref: "#/components/schemas/amount"}}}
      responses:
        "200":
          content:
            application/hal+json:
              schema: {$ref: "#/components/schemas/payment"}
        "404": {$ref: "#/components/responses/missing"}
components:
  responses:
    missing:
      content: {application/hal+json: {schema: {type: object, required: [detail]}}}
  schemas:
    payment:
      type: object
      required: [id, amount]
      properties: {id: {type: string}, amount: {$ref: "#/components/schemas/amount"}}
    amount:
      type: object
      required: [value]
      properties: {value: {type: string}}
"""
GOOD = Exchange(
    "PATCH",
    "/v2/payments/tr_1",
    {},
    {"amount": {"value": "1.00"}},
    200,
    {},
    {"id": "tr_1", "amount": {"value": "1.00"}},
)


def faults_of(tmp_path: Path, exchange: Exchange, text: str = SMALL) -> list[str]:
    path = tmp_path / "small.yaml"
    path.write_text(text)
    return list(openapi.load(str(path)).faults(exchange))


def test_what_is_as_described_has_no_fault(tmp_path: Path) -> None:
    assert faults_of(tmp_path, GOOD) == []
    assert faults_of(tmp_path, replace(GOOD, status=404, body={"detail": "no"})) == []
    assert faults_of(tmp_path, GOOD, SMALL.replace("/payments/{", "/v2/payments/{")) == []


def test_what_is_not_as_described_is_named(tmp_path: Path) -> None:
    where = "PATCH /v2/payments/tr_1"
    [numeric] = faults_of(tmp_path, replace(GOOD, body={"id": "tr_1", "amount": {"value": 1}}))
    assert numeric.startswith(f"{where} 200: amount.value:")
    [missing] = faults_of(tmp_path, replace(GOOD, body={"amount": {"value": "1.00"}}))
    assert missing.startswith(f"{where} 200: :") and "id" in missing
    [sent] = faults_of(tmp_path, replace(GOOD, sent={"amount": {}}))
    assert sent.startswith(f"{where} 200 sent: amount:")
    [refused] = faults_of(tmp_path, replace(GOOD, status=404, body={}))
    assert refused.startswith(f"{where} 404: :")
    assert faults_of(tmp_path, replace(GOOD, status=201)) == [f"{where} 201: no such answer"]
    assert faults_of(tmp_path, replace(GOOD, path="/v2/other")) == ["PATCH /v2/other 200: no such operation"]
