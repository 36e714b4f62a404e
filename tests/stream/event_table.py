"""Which effect each stored event of Stream has."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    opens: bool = True
    waits: bool = False
    only_if_named: bool = False
    is_review: bool = False


OPENS = Effect()

WAITS = Effect(waits=True)

REVIEW = Effect(is_review=True)

SHOWN = Effect(opens=False)

IF_NAMED = Effect(only_if_named=True)

TABLE = {
    "review_queue_item.new__text_self_harm_critical": OPENS,
    "review_queue_item.new__image_violence_removed": OPENS,
    "review_queue_item.new__user_report": OPENS,
    "review_queue_item.new__no_review_queue_item": OPENS,
    "review_queue_item.new__bounced": OPENS,
    "review_queue_item.new__video_shadowed": OPENS,
    "review_queue_item.new__user_profile": OPENS,
    "review_queue_item.updated__escalate": OPENS,
    "review_queue_item.updated__delete_by_api_key": OPENS,
    "review_queue_item.updated__block_by_automod": OPENS,
    "review_queue_item.updated__deleted_by_author": OPENS,
    "moderation.custom_action": OPENS,
    "moderation_rule.triggered__call_violation_2": OPENS,
    "moderation_rule.triggered__content_webhook_only": OPENS,
    "moderation_rule.triggered__matched_contents": OPENS,
    "moderation.text_analysis.complete__finding": OPENS,
    "moderation.text_analysis.complete__undetermined": OPENS,
    "moderation.image_analysis.complete__finding": OPENS,
    "moderation.analysis.failed": OPENS,
    "message.flagged__user_report": OPENS,
    "message.flagged__by_automod": OPENS,
    "user.flagged": OPENS,
    "user.banned__by_automation": OPENS,
    "user.banned__by_automation_from_review_queue": OPENS,
    "call.moderation_warning": OPENS,
    "call.moderation_blur": OPENS,
    "moderation_check.completed__flag": WAITS,
    "moderation.flagged": WAITS,
    "review_queue_item.updated__mark_reviewed": REVIEW,
    "review_queue_item.updated__delete_message": REVIEW,
    "review_queue_item.updated__ban": REVIEW,
    "review_queue_item.updated__shadow_block": REVIEW,
    "review_queue_item.updated__flagged_after_review": REVIEW,
    "moderation.mark_reviewed": REVIEW,
    "user.banned__from_review_queue": REVIEW,
    "user.banned__by_moderator_directly": SHOWN,
    "moderation.mark_reviewed__by_api_key": SHOWN,
    "message.deleted__by_author": SHOWN,
    "message.undeleted": SHOWN,
    "message.unblocked": SHOWN,
    "user.unbanned": SHOWN,
    "flag.updated": SHOWN,
    "appeal.created": IF_NAMED,
    "appeal.accepted": IF_NAMED,
    "appeal.rejected": IF_NAMED,
    "moderation_check.completed__keep": None,
    "moderation.text_analysis.complete__clean": None,
    "moderation.image_analysis.complete__clean": None,
    "export.review_queue.success": None,
}
