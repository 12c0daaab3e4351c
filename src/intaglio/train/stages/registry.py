"""The registry of stages: a new one is a file and an entry here."""

from __future__ import annotations

from collections.abc import Mapping

from intaglio.train.stages.border_stage import BorderStageConfig
from intaglio.train.stages.compressor_stage import CompressorStageConfig
from intaglio.train.stages.control_stage import ControlStageConfig
from intaglio.train.stages.encoder_stage import EncoderStageConfig
from intaglio.train.stages.joint_stage import JointStageConfig
from intaglio.train.stages.lean_stage import LeanStageConfig
from intaglio.train.stages.prior_stage import PriorStageConfig
from intaglio.train.stages.stage import StageConfig

STAGES: Mapping[str, type[StageConfig]] = {
    "encoder": EncoderStageConfig,
    "compressor": CompressorStageConfig,
    "prior": PriorStageConfig,
    "lean": LeanStageConfig,
    "control": ControlStageConfig,
    "joint": JointStageConfig,
    "border": BorderStageConfig,
}
"""What a recipe may have, by name."""
