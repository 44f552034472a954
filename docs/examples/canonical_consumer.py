"""Does something once for each (key, n) of channel ``canonical``: python canonical_consumer.py AMQP_URL QUEUE FILE HUB_URL"""

import json
import sqlite3
import sys
import urllib.parse
import urllib.request
from decimal import Decimal

import pika

url, queue, file, hub = sys.argv[1:5]
read = json.JSONDecoder(parse_float=Decimal).decode
kept = sqlite3.connect(file)
kept.execute("create table if not exists last (key text primary key, n integer)")
channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
channel.basic_qos(prefetch_count=100)
for method, about, body in channel.consume(queue):
    key, n = about.headers["key"], about.headers["n"]
    with kept:  # what you do and the new n are one transaction
        (last,) = kept.execute("select coalesce(max(n), 0) from last where key = ?", (key,)).fetchone()
        while last < n:  # else: had it
            found = [{"n": n, "type": about.type, "body": None if "cloudEvents:dataref" in about.headers else read(body.decode())}]
            if n > last + 1 or found[0]["body"] is None:  # a gap, or a large body: the hub gives what came after the last one
                address = f"{hub}/v1/canonical/{urllib.parse.quote(key, safe='')}?from={last + 1}"
                answer = read(urllib.request.urlopen(address, timeout=30).read().decode())
                found = answer["publications"] or found  # nothing: the hub was restored to a point before this message
            for one in found:
                print(key, one["n"], one["type"], json.dumps(one["body"], default=str), flush=True)
            last = found[-1]["n"]
        kept.execute("insert or replace into last values (?, ?)", (key, last))
    channel.basic_ack(method.delivery_tag)
sys.exit("the queue was taken away; the hub makes it again: start again")
