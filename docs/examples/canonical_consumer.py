"""Reads channel ``canonical`` and does something once for each (key, n): python canonical_consumer.py AMQP_URL QUEUE FILE"""

import sqlite3
import sys

import pika

url, queue, file = sys.argv[1:4]
kept = sqlite3.connect(file)
kept.execute("create table if not exists last (key text primary key, n integer)")
channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
channel.basic_qos(prefetch_count=100)
for method, properties, body in channel.consume(queue):
    key, n = properties.headers["key"], properties.headers["n"]
    with kept:  # what you do and the new n are one transaction
        (last,) = kept.execute("select coalesce(max(n), 0) from last where key = ?", (key,)).fetchone()
        if n == last + 1:  # n <= last: had it; n > last + 1: first take all that GET /v1/canonical/{key}?from={last + 1} gives
            print(key, n, properties.type, body.decode(), flush=True)
            kept.execute("insert or replace into last values (?, ?)", (key, n))
    channel.basic_ack(method.delivery_tag)
