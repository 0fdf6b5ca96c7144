"""E-mail: the subject and the text, by Python's own reader of mails."""

import email
import email.policy
import re

from markup import blocks_of_html, fold


def claims(name, data):
    start = data.lstrip()[:4000]
    return bool(re.match(rb"[A-Za-z-]+:", start)) and bool(re.search(rb"(?im)^(from|received|return-path|message-id):", start))


def items(data):
    mail = email.message_from_bytes(data.lstrip(), policy=email.policy.default)
    body = mail.get_body(("html", "plain"))
    words = []
    if body is not None:
        text = body.get_content()
        if body.get_content_subtype() == "html":
            words = blocks_of_html(text)
        else:
            text = re.split(r"(?m)^-- \r?$", text)[0]
            words = [fold(p) for p in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if p.split()]
    return [[fold(mail["subject"] or "")] + words]
