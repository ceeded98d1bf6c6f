"""ColumnTransformer: how its columns are chosen and what its answer is called."""

from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from parity import frames
from parity.case import case

_columns = frames.charges[["amount", "age", "country", "vip", "rating"]]

case(
    make_column_transformer(
        (SimpleImputer(), ["amount", "age"]),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(pattern="^c")),
        ("passthrough", ["rating"]),
    ),
    ColumnTransformer(
        [("none", StandardScaler(), []), ("n", MinMaxScaler(), lambda X: ["age"])],
        remainder=OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        verbose_feature_names_out=False,
    ),
    ColumnTransformer(
        [
            (
                "outer",
                ColumnTransformer(
                    [("first", SimpleImputer(), [0]), ("second", "passthrough", [1])]
                ).set_output(transform="pandas"),
                ["age", "amount"],
            )
        ]
    ).set_output(transform="pandas"),
    on=_columns,
)
