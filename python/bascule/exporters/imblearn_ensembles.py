"""imbalanced-learn's ensembles: scikit-learn's own, whose members were fitted on other rows.

They change fit alone, and answer by the methods that they inherit. A member of a bagging ensemble
is a Pipeline with a sampler in front.
"""

from imblearn.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
)

from bascule.export import exporter
from bascule.exporters.ada_boost import ada_boost_classifier
from bascule.exporters.bagging import bagging_classifier
from bascule.exporters.sklearn_trees import forest_classifier

exporter(BalancedRandomForestClassifier)(forest_classifier)
exporter(BalancedBaggingClassifier, EasyEnsembleClassifier)(bagging_classifier)
exporter(RUSBoostClassifier)(ada_boost_classifier)
