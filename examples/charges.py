"""Card charges from a seeded generator: the demo's data.

No charge here ever happened. The generator draws cards, merchants and charges, lets some cards be
stolen, and writes down what a payment service would know at the time of the charge. It is made so
that one column, `charges_last_hour`, tells something that the others do not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

COUNTRIES = ["DE", "FR", "US", "GB", "NL", "ES", "BR", "IN", "NG", "VN"]
CATEGORIES = ["grocery", "travel", "electronics", "gaming", "fashion", "fuel", "tickets"]
WORDS = {
    "grocery": ["fresh market", "corner shop", "weekly groceries", "organic food store"],
    "travel": ["airline ticket", "hotel booking", "rail pass", "car rental"],
    "electronics": ["phone store", "laptop outlet", "gift card", "camera shop"],
    "gaming": ["game credits", "gift card", "in-app purchase", "console store"],
    "fashion": ["shoe shop", "designer outlet", "summer sale", "online boutique"],
    "fuel": ["petrol station", "motorway services", "car wash"],
    "tickets": ["concert ticket", "football ticket", "resale platform", "festival pass"],
}

LABEL = "fraud"
KEY, ENTITY, AMOUNT, TIME = "charge_id", "card", "amount", "time"


def charges(rows: int, seed: int = 7) -> pd.DataFrame:
    """`rows` charges in the order of time over the last 40 days, 4 % of them fraud or so.

    Columns: charge_id, card, time (aware, UTC); amount, country, category, device (missing on
    15 %), card_age_days (missing on 8 %), hour, charges_last_hour, description (text); fraud (0
    or 1).
    """
    draw = np.random.default_rng(seed)
    cards = draw.integers(0, max(rows // 12, 1), rows)
    stolen = draw.random(rows) < 0.05
    category = draw.choice(CATEGORIES, rows)
    risky = np.isin(category, ["electronics", "gaming", "tickets"])
    country = draw.choice(
        COUNTRIES, rows, p=[0.3, 0.15, 0.15, 0.1, 0.1, 0.08, 0.04, 0.04, 0.02, 0.02]
    )
    amount = np.round(np.exp(draw.normal(3.4, 0.9, rows) + 0.9 * stolen + 0.3 * risky), 2)
    hour = np.where(
        stolen & (draw.random(rows) < 0.5), draw.integers(0, 6, rows), draw.integers(0, 24, rows)
    )
    velocity = draw.poisson(np.where(stolen, 3.2, 0.35))
    age = np.round(draw.gamma(2.0, 300.0, rows) * np.where(stolen, 0.6, 1.0)).astype(float)
    age[draw.random(rows) < 0.08] = np.nan
    device = draw.choice(["phone", "desktop", "tablet"], rows).astype(object)
    device[draw.random(rows) < np.where(stolen, 0.35, 0.14)] = None
    description = np.array([draw.choice(WORDS[name]) for name in category])
    gift = np.char.find(description.astype(str), "gift card") >= 0
    log_odds = (
        -6.2
        + 3.0 * stolen
        + 0.75 * velocity
        + 0.5 * risky
        + 1.1 * gift
        + 0.25 * np.log1p(amount)
        + 0.8 * np.isin(country, ["NG", "VN", "BR"])
        + 0.4 * np.equal(device, None)
    )
    fraud = (draw.random(rows) < 1.0 / (1.0 + np.exp(-log_odds))).astype(int)
    start = pd.Timestamp.now(tz="UTC").floor("s") - pd.Timedelta(days=60)
    seconds = np.sort(draw.integers(0, 40 * 86_400, rows))
    return pd.DataFrame(
        {
            KEY: [f"ch_{i:07d}" for i in range(rows)],
            ENTITY: [f"card_{c:06d}" for c in cards],
            TIME: start + pd.to_timedelta(seconds, unit="s"),
            AMOUNT: amount,
            "country": country,
            "category": category,
            "device": pd.Series(device, dtype="str"),
            "card_age_days": age,
            "hour": hour.astype(np.int64),
            "charges_last_hour": velocity.astype(np.int64),
            "description": description,
            LABEL: fraud,
        }
    )
