"""Letters of a morning that stand in no ladder: nor could they, as a directive cannot name their kinds."""

from dondoc.directive.model import Step
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.people import Role

HAND_OVER = Step.model_construct(
    id="hand_over",
    title="bàn giao cho cán bộ đầu mối mới",
    after=0,
    to=(Role.FOCAL_OFFICER,),
    letter="hand_over",
    kind=LetterKind.HAND_OVER,
)
THANKS = Step.model_construct(
    id="thanks",
    title="cảm ơn",
    after=0,
    to=(Role.FOCAL_OFFICER, Role.CLERK),
    also=(Role.CLERK,),  # the official mailbox, by which the head reads it: nobody has to approve a word of thanks
    letter="thanks",
    kind=LetterKind.THANKS,
)
OWN = {step.id: step for step in (HAND_OVER, THANKS)}
